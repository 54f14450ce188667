"""Toyfaces: drawn faces whose attributes are known."""
