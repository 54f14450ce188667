"""Users' own data: folders of images, tables and arrays."""
