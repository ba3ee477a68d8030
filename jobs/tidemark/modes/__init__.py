"""The modes of a dataset, one module each: how sessions of that mode are planned."""
