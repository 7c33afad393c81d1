import Foundation

/// Why an operation of Foundation failed, in a few words without its domain and code.
func reason(of error: any Error) -> String {
    let error = error as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
    if let cause, cause.domain == NSPOSIXErrorDomain { return systemMessage(Int32(cause.code)) }
    return error.domain == NSPOSIXErrorDomain
        ? systemMessage(Int32(error.code)) : error.localizedDescription
}

/// The system's words for `code`, with those of a full disk in ours.
func systemMessage(_ code: Int32) -> String {
    switch code {
    case ENOSPC: "the disk is full"
    case EDQUOT: "the disk quota is used up"
    case EFBIG: "the file would be larger than allowed here (ulimit -f)"
    default: String(cString: strerror(code))
    }
}
