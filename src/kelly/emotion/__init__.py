"""What is felt: points, names, journeys and codes. Values only; nothing here reads or writes music."""
