import ArgumentParser

@main
struct Oven: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oven", abstract: "Bakes a system prompt into a model's weights.")
}
