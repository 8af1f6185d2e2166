"""The course itself: quizzes and maps."""
