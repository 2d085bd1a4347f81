"""Configuration: composition by OmegaConf, validation by pydantic."""
