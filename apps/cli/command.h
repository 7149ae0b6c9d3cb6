// Command: one command of `hikyaku`, declared as data (name, help in two languages, options) with the function that
// runs it. Each lives in a file of its own; table.cc lists them all. Help, parsing and shell completion come from here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/settings/settings.h"

namespace hikyaku::cli {

enum class Language : std::uint8_t { English, Japanese };

// A sentence in both languages; every text a person reads is one of these.
struct Words {
  std::string_view en, ja;
  [[nodiscard]] std::string_view in(Language language) const { return language == Language::Japanese ? ja : en; }
};

enum class OptionKind : std::uint8_t { Flag, Value, Argument, OptionalArgument, Arguments };

// What a value must be (value.h).
enum class Takes : std::uint8_t {
  Text,
  Count,       // from `least` to `most`
  Percent,
  Duration,
  Size,
  SizeOrNone,  // 0: no limit
  Time,        // as parse_when() reads it
  TimeOrOpen,
  TimeToCome,
  Since,       // as parse_since() reads it
  Until,
  Day,
  TraceId,
};

struct Option {
  std::string_view name;  // "--when-empty", or an argument's name "SERVICE"
  OptionKind kind = OptionKind::Flag;
  Words help;
  std::vector<std::string_view> choices;  // shell completion offers them; with `only_choices` nothing else is taken
  bool only_choices = false;
  bool repeated = false;  // a Value or OptionalArgument that may be given several times
  Takes takes = Takes::Text;
  std::uint64_t least = 0, most = 0;  // of a Count
};

enum class Exit : std::uint8_t { Done = 0, Failed = 1, WrongUse = 2, Problem = 3 };

// One run of a command: what was given, and where to print.
class Invocation {
 public:
  Language language = Language::English;
  bool json = false;
  std::string settings_path;
  std::string program;  // path of this binary
  std::string command;  // "account add", and all that it was given: for the log (typed_command.h)
  std::map<std::string, std::vector<std::string>, std::less<>> given;  // by Option::name; a flag has one empty text

  [[nodiscard]] bool has(std::string_view option) const { return given.find(option) != given.end(); }
  [[nodiscard]] std::string value(std::string_view option, std::string_view otherwise = "") const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
  [[nodiscard]] std::string_view say(const Words& words) const { return words.in(language); }

  // One line on standard output / standard error.
  void print(std::string_view line) const;
  Exit fail(std::string_view sentence) const;
  Exit fail(const Words& words) const { return fail(words.in(language)); }

  // The settings of this server, read once. Nothing: the mistakes were printed, return Exit::Failed.
  [[nodiscard]] settings::SettingsPointer settings();

 private:
  settings::SettingsPointer settings_;
};

struct Command {
  std::string_view name;  // "service stop"
  Words help;
  std::vector<Option> options;
  Exit (*run)(Invocation&) = nullptr;
  Words more;             // shown below the options: examples, cautions
  // It prints a text whose form others have fixed, or which a command of ours reads: --json is a wrong use. `json_by`: the command
  // that has the same as JSON; empty: none.
  bool own_form = false;
  std::string_view json_by = {};
};

// Groups of commands ("service", "queue") and their help.
struct Group {
  std::string_view name;
  Words help;
};

[[nodiscard]] const std::vector<Command>& all_commands();
[[nodiscard]] const std::vector<Group>& all_groups();

// The whole command line; the process's exit status.
int run_command_line(int argc, char** argv);

}  // namespace hikyaku::cli
