"""Health check, disk usage and backups."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.maintenance.backups import (
        backup_refusal,
        list_backups,
        make_backup,
        read_backup,
        restore_backup,
    )
    from core.services.maintenance.database_info import database_size, schema_version
    from core.services.maintenance.disk_space import DiskState, disk_state, free_bytes
    from core.services.maintenance.health_check import HealthReport, check_health
    from core.services.maintenance.software_versions import software_versions

__all__ = [
    "DiskState",
    "disk_state",
    "free_bytes",
    "HealthReport",
    "backup_refusal",
    "check_health",
    "database_size",
    "list_backups",
    "make_backup",
    "read_backup",
    "restore_backup",
    "schema_version",
    "software_versions",
]

import_when_used(__name__)
