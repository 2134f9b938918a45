"""What an operating system says of a file or an address that it refuses, as Chinese clauses."""

import errno

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of errors that say that there is no room."""
_REASONS = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOENT: "路径不存在",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.EISDIR: "是一个文件夹",
    errno.EEXIST: "已经存在",
    errno.ENAMETOOLONG: "名称太长",
    errno.ELOOP: "链接绕成了圈",
    errno.EIO: "磁盘读写出错",
    errno.EFBIG: "文件太大",
    errno.EBADF: "已经关闭",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.EADDRINUSE: "已被占用",
    errno.EADDRNOTAVAIL: "不是本机的地址",
}


def system_reason(error: OSError) -> str:
    """Why the operating system refused something: a Chinese clause, or its own words where we have none."""
    return _REASONS.get(error.errno or 0, str(error.strerror or error))
