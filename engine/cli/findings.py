"""What ails a run, in text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    from rich.console import Console

    from descend.engine.diagnosis.finding import Finding


def print_findings(console: Console, findings: list[Finding]) -> None:
    """Each finding with its evidence, what to try and the lesson that shows it."""
    from rich.text import Text

    for finding in findings:
        console.print(Text(f"! {clean(finding.short)}"))
        console.print(Text(f"  {clean(finding.evidence)}"))
        console.print(Text(f"  {clean(finding.advice)}"))
        console.print(Text(f"  `descend open {finding.lesson}` is the lesson that shows it."))


def print_brief_findings(console: Console, findings: list[Finding], run: str) -> None:
    """A line for each, and how to read on."""
    from rich.text import Text

    for finding in findings:
        tried = f"; try {finding.proposal}" if finding.knobs else ""
        console.print(Text(f"! {clean(finding.short)}{clean(tried)}; lesson {finding.lesson}"))
    if findings:
        console.print(Text(f"  `descend show {clean(run)}` tells why."))


def make_findings(findings: list[Finding]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [
        {
            "name": finding.name,
            "severity": finding.severity,
            "short": finding.short,
            "evidence": finding.evidence,
            "remedy": finding.remedy,
            "knobs": dict(finding.knobs),
            "lesson": finding.lesson,
        }
        for finding in findings
    ]
