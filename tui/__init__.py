"""The Textual shell. It only reads run folders; nothing here imports torch."""
