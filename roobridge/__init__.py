"""roobridge: an OpenAI-compatible service between Roo Code and Qwen models."""
