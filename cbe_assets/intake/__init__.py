"""How files come in: opened safely, recognised, judged against what is filed, and filed whole or not at all."""
