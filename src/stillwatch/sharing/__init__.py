"""What providers share: values in, values out. No socket, no clock, no chance."""
