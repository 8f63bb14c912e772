"""The pages of this room: coming in, one's own data, one's organisations. Korean and English."""
