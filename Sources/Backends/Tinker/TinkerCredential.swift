import Foundation

/// What requests are proven with: the key, or a token that it was exchanged for.
actor TinkerCredential {
    private struct Token {
        var secret: Secret
        var received: Duration
        var lifetime: Duration
    }

    private let key: Secret
    private let clock: any ServiceClock
    private var token: Token?
    private var generation = 0
    private var exchange = TinkerOnce<Secret>()

    init(key: Secret, clock: any ServiceClock) {
        self.key = key
        self.clock = clock
    }

    /// A token that is good for a while.
    ///
    /// - Parameter fetch: Exchanges the key.
    /// - Returns: The token and its number, for ``renew(after:with:)``.
    func token(
        with fetch: @escaping @Sendable () async throws -> Secret
    ) async throws -> (Secret, Int) {
        if let token, age(of: token) < token.lifetime / 2 { return (token.secret, generation) }
        do {
            return try await renew(after: generation, with: fetch)
        } catch {
            // The one that we have is good for a little longer.
            if !(error is CancellationError), let token,
                token.lifetime - age(of: token) > .seconds(60)
            {
                return (token.secret, generation)
            }
            throw error
        }
    }

    /// A token newer than the one with that number.
    func renew(
        after old: Int, with fetch: @escaping @Sendable () async throws -> Secret
    ) async throws -> (Secret, Int) {
        if let token, generation > old { return (token.secret, generation) }
        let current = exchange
        let secret = try await current.value(fetch)
        if exchange === current {
            exchange = TinkerOnce()
            generation += 1
            token = Token(
                secret: secret, received: clock.now, lifetime: Self.lifetime(of: secret))
        }
        return (secret, generation)
    }

    private func age(of token: Token) -> Duration { clock.now - token.received }

    /// From issue to expiry as the token says, so that the machine's clock does not matter; ten minutes
    /// when it does not say.
    static func lifetime(of token: Secret) -> Duration {
        struct Claims: Decodable {
            var iat: Double
            var exp: Double
        }
        let payload = token.withText { text -> Data? in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            var base64 = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
            base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
            return Data(base64Encoded: base64)
        }
        guard let payload, let claims = try? JSONDecoder().decode(Claims.self, from: payload),
            claims.exp - claims.iat > 0
        else { return .seconds(600) }
        return .seconds(min(claims.exp - claims.iat, 30 * 86400))
    }

    /// `text` without the key and the token.
    func hiding(_ text: String) -> String {
        var text = text
        for secret in [key, token?.secret].compactMap({ $0 }) {
            secret.withText { text = text.replacing($0, with: "(secret)") }
        }
        return text
    }
}
