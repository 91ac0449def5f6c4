"""What is said on a wire, the contract for translating it, and the pump that moves it. Standard library only."""
