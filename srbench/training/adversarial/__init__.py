"""What makes SR look like HR: discriminators, adversarial losses, features of VGG19."""
