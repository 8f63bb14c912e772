"""The pages: Korean and English, no script needed. urls in server/web/urls.py (`include`)."""
