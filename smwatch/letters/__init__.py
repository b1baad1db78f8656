"""Letters: what stands in a mail. Pure; all of it runs in the parse worker."""

READ_MAIL = "smwatch.letters.reader:read_mail"  # (bytes, options) -> plain JSON values; see there
