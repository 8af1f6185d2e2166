"""The screens of the shell, one folder or file each."""
