"""Stand-ins for the services that the app calls, speaking their real protocols on 127.0.0.1."""
