import Foundation

/// Both ends of a terminal without a window.
final class PseudoTerminal {
    private(set) var master: Int32 = -1
    private(set) var slave: Int32 = -1

    init?(_ columns: Int = 80, _ rows: Int = 24) {
        guard openpty(&master, &slave, nil, nil, nil) == 0 else { return nil }
        // Programs that other tests start must not hold the window open.
        for end in [master, slave] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        resize(columns, rows)
    }

    deinit {
        if master >= 0 { close(master) }
        if slave >= 0 { close(slave) }
    }

    func resize(_ columns: Int, _ rows: Int) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
    }

    /// As if a person had typed it; waits until it can be read.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
        var wait = pollfd(fd: slave, events: Int16(POLLIN), revents: 0)
        _ = poll(&wait, 1, 5000)
    }

    /// What was written to it up to and with `end`, at most what comes within five seconds of
    /// silence.
    func output(upTo end: String) -> String {
        var bytes: [UInt8] = []
        let end = Array(end.utf8)
        var byte: UInt8 = 0
        while bytes.suffix(end.count) != end[...] {
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 5000) > 0, read(master, &byte, 1) == 1 else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The modes of the terminal as bytes, to compare.
    var modes: [UInt32] {
        var modes = termios()
        tcgetattr(slave, &modes)
        return [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag].map { UInt32($0) }
    }

    var isCanonical: Bool { modes[3] & UInt32(ICANON) != 0 && modes[3] & UInt32(ECHO) != 0 }

    /// The window is closed. Returns when the other end can see it: a program that is just being
    /// started elsewhere has a copy of ours for a moment.
    func hangUp() {
        close(master)
        master = -1
        var wait = pollfd(fd: slave, events: 0, revents: 0)
        _ = poll(&wait, 1, 5000)
    }
}
