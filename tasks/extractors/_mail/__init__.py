"""Messages, whatever wraps them: MIME, Outlook, TNEF, signatures, invitations."""
