"""Disputes: a buyer asks their bank for the money back, and the shop answers."""
