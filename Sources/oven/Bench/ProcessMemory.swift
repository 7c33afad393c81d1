import Foundation

/// The memory of this process.
enum ProcessMemory {
    /// The most it held since ``forgetPeak()``, or since its start where that has no effect.
    static var peakByteCount: Int {
        var usage = rusage()
        #if os(macOS)
            let bytesPerUnit = 1
            let result = getrusage(RUSAGE_SELF, &usage)
        #else
            let bytesPerUnit = 1024
            let result = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #endif
        return result == 0 ? usage.ru_maxrss * bytesPerUnit : 0
    }

    /// Begins a new peak. Linux alone can, and where it may not the peak is that of the process.
    static func forgetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
    }
}
