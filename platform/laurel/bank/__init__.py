"""The question bank: questions, their versions, their types and the rules that grade them."""
