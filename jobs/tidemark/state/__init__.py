"""The loop's data as frozen types: ranges, changes, causes, effects, plans and watermarks, with their JSON form."""
