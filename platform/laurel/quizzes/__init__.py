"""Quizzes and exams: papers, attempts, saved answers, grading, results."""
