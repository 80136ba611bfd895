"""Events on their way to the shop: queue, signature, courier."""
