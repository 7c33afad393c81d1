internal import CCurl

/// The library that speaks HTTP.
public enum HTTPLibrary {
    /// Its name and version and those of what it is built on: "libcurl/7.88.1 OpenSSL/3.0 …".
    public static var version: String { String(cString: curl_version()) }
}
