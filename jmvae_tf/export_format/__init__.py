"""The format of exports, shared by those that write and read them."""
