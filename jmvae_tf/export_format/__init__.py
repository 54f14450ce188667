"""The format of exports, shared by the code that writes and reads them."""
