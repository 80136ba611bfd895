"""What a credential is and says, without a database, a clock or chance."""
