"""What the loop plans, remembers and stores, as frozen data: ranges, plans, watermarks, and their JSON forms."""
