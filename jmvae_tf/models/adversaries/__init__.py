"""What a discriminator is trained with, and what it asks of the image decoder: a module a part."""
