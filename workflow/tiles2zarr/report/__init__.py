"""The report page: from receipts and small pictures to one HTML file."""
