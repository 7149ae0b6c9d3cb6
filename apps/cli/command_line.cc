// Turns the command table into a parser. CLI11 is included here and nowhere else.
#include <CLI/CLI.hpp>

#include <climits>
#include <cstdlib>
#include <unistd.h>

#include "apps/cli/command.h"
#include "apps/cli/language/library_sentences.h"
#include "apps/cli/language/locale_language.h"
#include "apps/cli/terminal/text_table.h"
#include "apps/cli/typed_command.h"
#include "apps/cli/value.h"
#include "base/clock.h"
#include "services/settings/nearest.h"

namespace hikyaku::cli {

namespace {

Language language_of_locale() {
  for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      return language_of_locale_name(value);
  return Language::English;
}

std::string program_path(const char* given) {
  char path[PATH_MAX];
  const auto length = readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : given;
}

std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

// Where one option's values land until the command runs.
struct Given {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> flags;
};

// Help in the reader's language, its columns as wide as a terminal shows them.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(Language language) {
    if (language == Language::English) return;
    label("Usage", "使い方"), label("OPTIONS", "オプション"), label("SUBCOMMAND", "コマンド"), label("SUBCOMMANDS", "コマンド");
    label("Positionals", "引数"), label("TEXT", "値"), label("REQUIRED", "(必須)");
  }
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return row(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* command) const override { return row(command->get_display_name(true), command->get_description()); }

 private:
  [[nodiscard]] std::string row(const std::string& name, const std::string& description) const {
    const auto width = get_column_width(), taken = display_width(name) + 2;
    const std::string next_line = "\n" + std::string(width, ' ');
    std::string text = "  " + name;
    if (description.empty()) return text + "\n";
    text += taken >= width ? next_line : std::string(width - taken, ' ');
    for (const char c : description) c == '\n' ? text += next_line : text += c;
    return text + "\n";
  }
};

void declare(Given& to, const Option& option, Language language) {
  const std::string name(option.name), help(option.help.in(language));
  if (option.kind == OptionKind::Flag) {
    to.app->add_flag(name, to.flags[name], help);
    return;
  }
  auto* added = to.app->add_option(name, to.values[name], help);
  if (option.kind == OptionKind::Arguments || (option.kind == OptionKind::OptionalArgument && option.repeated)) added->expected(1, -1);
  else if (option.repeated) added->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  else added->expected(1)->allow_extra_args(false);
  if (option.kind == OptionKind::Argument || option.kind == OptionKind::Arguments) added->required();
  if (option.only_choices) {  // judged by value.h
    std::string choices;
    for (const auto choice : option.choices) choices += (choices.empty() ? "" : ",") + std::string(choice);
    added->type_name(std::string(Words{"TEXT:{", "値:{"}.in(language)) + choices + "}");
  }
}

class Parser {
 public:
  explicit Parser(Language language) : language_(language), root_(std::string(title().in(language)), "hikyaku") { build(); }

  int run(int argc, char** argv);

 private:
  static Words title() {
    return {"Hikyaku, a mail server that does not lose mail.", "Hikyaku(飛脚): メールを失わないメールサーバ。"};
  }
  void build();
  void add_common(CLI::App& app, const Command* command = nullptr);
  [[nodiscard]] int refuse(const std::string& said, const CLI::App& at) const;
  [[nodiscard]] std::optional<std::string> mistaken(const Invocation& call, const Command& command) const;
  [[nodiscard]] int explain_option(const CLI::App& at, const std::string& name) const;
  [[nodiscard]] int explain(const CLI::ParseError& error, int argc, char** argv);
  Invocation invocation(const Given& given, const char* program) const;

  Language language_;
  CLI::App root_;
  bool json_ = false;
  std::string settings_path_;
  std::map<std::string, CLI::App*> groups_;
  std::vector<std::unique_ptr<Given>> commands_;
};

void Parser::add_common(CLI::App& app, const Command* command) {
  app.get_help_ptr()->group(app.get_parent() == nullptr ? app.option_defaults()->get_group() : app.get_parent()->get_help_ptr()->get_group());
  auto* json = app.add_flag("--json", json_, std::string(Words{"print JSON", "JSON で出力する"}.in(language_)));
  if (command != nullptr && command->own_form) json->group("");  // understood, to be refused in our words
  app.add_option("--config", settings_path_,
                 std::string(Words{"settings file (default: $HIKYAKU_CONFIG, then /etc/hikyaku/hikyaku.toml)",
                                   "設定ファイル(既定は $HIKYAKU_CONFIG、なければ /etc/hikyaku/hikyaku.toml)"}.in(language_)))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a wrapper may have given one already
}

void Parser::build() {
  root_.formatter(std::make_shared<HelpFormatter>(language_));
  root_.option_defaults()->group(std::string(Words{"Options", "オプション"}.in(language_)));
  root_.group(std::string(Words{"Subcommands", "コマンド"}.in(language_)));
  root_.require_subcommand(1);
  root_.set_help_flag("-h,--help", std::string(Words{"print this help", "この説明を表示する"}.in(language_)));
  root_.set_version_flag("--version", std::string("Hikyaku ") + HIKYAKU_VERSION, std::string(Words{"print the version", "版を表示する"}.in(language_)));
  add_common(root_);
  const auto parent_of = [this](std::string_view name) -> CLI::App& {
    const auto space = name.rfind(' ');
    return space == std::string_view::npos ? root_ : *groups_.at(std::string(name.substr(0, space)));
  };
  const auto last_word = [](std::string_view name) { return std::string(name.substr(name.rfind(' ') + 1)); };
  for (const auto& group : all_groups()) {
    auto* app = parent_of(group.name).add_subcommand(last_word(group.name), std::string(group.help.in(language_)));
    app->require_subcommand(1);
    add_common(*app);
    groups_[std::string(group.name)] = app;
  }
  for (const auto& command : all_commands()) {
    auto given = std::make_unique<Given>();
    given->command = &command;
    const auto group = groups_.find(std::string(command.name));
    if (group != groups_.end()) {
      given->app = group->second;  // a group that does something by itself: `hikyaku log`
      given->app->require_subcommand(0, 1);
    } else {
      given->app = parent_of(command.name).add_subcommand(last_word(command.name), std::string(command.help.in(language_)));
    }
    if (!command.more.en.empty()) given->app->footer(std::string(command.more.in(language_)));
    if (group == groups_.end()) add_common(*given->app, &command);
    for (const auto& option : command.options) declare(*given, option, language_);
    commands_.push_back(std::move(given));
  }
}

Invocation Parser::invocation(const Given& given, const char* program) const {
  Invocation call;
  call.language = language_;
  call.json = json_;
  const char* environment = std::getenv("HIKYAKU_CONFIG");
  call.settings_path = absolute(!settings_path_.empty() ? settings_path_ : environment != nullptr ? environment : "/etc/hikyaku/hikyaku.toml");
  call.program = program_path(program);
  for (const auto& [name, values] : given.values)
    if (!values.empty()) call.given[name] = values;
  for (const auto& [name, flag] : given.flags)
    if (flag) call.given[name] = {""};
  call.command = typed_command(given.command->name, given.command->options, call.given);
  return call;
}

// "hikyaku service stop", as it is typed.
std::string whole_name(const CLI::App* app) {
  std::string name = app->get_name();
  for (const auto* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) name = parent->get_name() + " " + name;
  return name;
}

// "-7d" and "-" are values.
bool is_option(std::string_view word) { return word.starts_with("--") ? word.size() > 2 : word.starts_with('-') && word.size() > 1 && (word[1] < '0' || word[1] > '9'); }

// Every wrong use ends here: what is wrong, and where the right use is told.
int Parser::refuse(const std::string& said, const CLI::App& at) const {
  std::fprintf(stderr, "hikyaku: %s%s%s --help\n", said.c_str(), std::string(Words{" Remedy: ", " 使い方: "}.in(language_)).c_str(), whole_name(&at).c_str());
  return static_cast<int>(Exit::WrongUse);
}

int Parser::explain_option(const CLI::App& at, const std::string& name) const {
  std::vector<std::string> names;
  for (const auto* option : at.get_options())
    for (const auto& long_name : option->get_lnames()) names.push_back("--" + long_name);
  const auto nearest = settings::nearest_name(name, std::vector<std::string_view>(names.begin(), names.end()));
  const auto command = whole_name(&at);
  std::string said;
  if (language_ == Language::Japanese) said = command + " に " + name + " というオプションはない。" + (nearest ? "もしかして " + std::string(*nearest) + "?" : "");
  else said = "`" + command + "` has no option " + name + "." + (nearest ? " Did you mean " + std::string(*nearest) + "?" : "");
  return refuse(said, at);
}

// A wrong word gets the nearest right one.
int Parser::explain(const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return root_.exit(error);
  // A value that is not possible is no wrong word, whatever it looks like.
  const bool wrong_word = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  CLI::App* at = &root_;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (is_option(word)) {
      const auto equals = word.find('=');
      const auto* option = at->get_option_no_throw(word.substr(0, equals));
      if (option == nullptr && wrong_word) return explain_option(*at, word.substr(0, equals));
      if (option != nullptr && option->get_items_expected_max() > 0 && equals == std::string::npos) ++i;  // its value is no command
      continue;
    }
    const auto subcommands = at->get_subcommands([](CLI::App*) { return true; });
    const auto next = std::find_if(subcommands.begin(), subcommands.end(), [&](CLI::App* app) { return app->get_name() == word; });
    if (next != subcommands.end()) {
      at = *next;
      continue;
    }
    if (subcommands.empty() || !wrong_word) break;
    std::vector<std::string> names;
    for (auto* app : subcommands) names.push_back(app->get_name());
    const auto nearest = settings::nearest_name(word, std::vector<std::string_view>(names.begin(), names.end()));
    if (language_ == Language::Japanese) return refuse("そのようなコマンドはない: \"" + word + "\"。" + (nearest ? "もしかして \"" + std::string(*nearest) + "\"?" : ""), *at);
    return refuse("there is no command \"" + word + "\"." + (nearest ? " Did you mean \"" + std::string(*nearest) + "\"?" : ""), *at);
  }
  const std::string said = error.what();
  return refuse(told_by(parser_sentences(language_), said, [](std::string_view part) { return std::string(part); }).value_or(said), *at);
}

// The first value that its option cannot take. Nothing: all are possible.
std::optional<std::string> Parser::mistaken(const Invocation& call, const Command& command) const {
  const auto now = SystemClock{}.wall();
  for (const auto& option : command.options)
    for (const auto& value : option.kind == OptionKind::Flag ? std::vector<std::string>{} : call.values(option.name))
      if (auto mistake = mistaken_value(option, value, language_, now)) return mistake;
  return std::nullopt;
}

Exit refuse_json(const Invocation& call, const Command& command) {
  const std::string name(command.name), by(command.json_by);
  (void)call.fail(Words{"`" + name + "` prints a text of its own form, not JSON. Remedy: leave out --json" + (by.empty() ? "." : "; `hikyaku " + by + " --json` has the same as JSON."),
                        name + " の出力は決まった形式のテキストで、JSON にはできない。--json を外す" + (by.empty() ? "。" : "。JSON は hikyaku " + by + " --json で得られる。")});
  return Exit::WrongUse;
}

int Parser::run(int argc, char** argv) {
  try {
    root_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(error, argc, argv);
  }
  for (const auto& given : commands_) {
    if (!given->app->parsed() || !given->app->get_subcommands().empty()) continue;
    auto call = invocation(*given, argv[0]);
    if (call.json && given->command->own_form) return static_cast<int>(refuse_json(call, *given->command));
    if (const auto mistake = mistaken(call, *given->command)) return refuse(*mistake, *given->app);
    return static_cast<int>(given->command->run(call));
  }
  return static_cast<int>(Exit::WrongUse);
}

}  // namespace

int run_command_line(int argc, char** argv) { return Parser(language_of_locale()).run(argc, argv); }

}  // namespace hikyaku::cli
