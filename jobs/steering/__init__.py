"""What an operator steers by hand. The commands here know both the loop and the domain; neither knows them."""
