"""What several models are made of; these modules import torch, so only ``build`` functions import them."""
