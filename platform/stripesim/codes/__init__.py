"""Coupons, the promotion codes that stand for them, and the discounts they give."""
