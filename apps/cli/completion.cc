// hikyaku completion bash|zsh|fish: the shell's script, made from the command table.
#include <algorithm>
#include <functional>

#include "apps/cli/commands.h"

namespace hikyaku::cli {

namespace {

std::string words_after(std::string_view prefix) {
  std::string out;
  for (const auto& command : all_commands()) {
    if (!prefix.empty() && !command.name.starts_with(std::string(prefix) + ' ')) continue;  // the group itself may be a command: `log`
    auto rest = command.name.substr(prefix.empty() ? 0 : prefix.size() + 1);
    rest = rest.substr(0, rest.find(' '));
    if ((" " + out + " ").find(" " + std::string(rest) + " ") == std::string::npos) out += (out.empty() ? "" : " ") + std::string(rest);
  }
  return out;
}

std::string options_of(const Command& command) {
  std::string out = command.own_form ? "--help --config" : "--help --json --config";
  for (const auto& option : command.options) {
    if (option.name.starts_with('-')) out += " " + std::string(option.name);
    else for (const auto choice : option.choices) out += " " + std::string(choice);
  }
  return out;
}

// Of a group that does something by itself.
std::string own_options(const Group& group) {
  for (const auto& command : all_commands())
    if (command.name == group.name) return " " + options_of(command);
  return "";
}

std::string bash_script() {
  std::string out =
      "# bash completion of hikyaku: put this into /usr/share/bash-completion/completions/hikyaku\n"
      "_hikyaku() {\n  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' i words=''\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case ${COMP_WORDS[i]} in\n"
      "      --config) [ \"${COMP_WORDS[i+1]}\" != = ] || ((i++)); ((i++)) ;;\n"  // its file is no command; bash takes --config=FILE for three words
      "      -*) ;;\n      *) path+=\"${path:+ }${COMP_WORDS[i]}\" ;;\n    esac\n  done\n"
      "  if [ \"$previous\" = = ]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  if [ \"$previous\" = --config ] && [ \"$word\" = = ]; then word=''; fi\n"
      "  if [ \"$previous\" = --config ]; then COMPREPLY=($(compgen -f -- \"$word\")); return; fi\n  case $path in\n";
  out += "    '') words='" + words_after("") + " --help --json --config' ;;\n";
  for (const auto& group : all_groups()) out += "    '" + std::string(group.name) + "') words='" + words_after(group.name) + own_options(group) + "' ;;\n";
  // `log days` before `log`, which begins both.
  auto commands = std::vector<const Command*>{};
  for (const auto& command : all_commands()) commands.push_back(&command);
  std::ranges::sort(commands, std::greater{}, &Command::name);
  for (const auto* command : commands) {
    const std::string name(command->name);
    out += "    '" + name + "'|'" + name + " '*) words='" + options_of(*command) + "' ;;\n";
  }
  return out + "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _hikyaku hikyaku\n";
}

std::string fish_script(const Invocation& call) {
  std::string out = "# fish completion of hikyaku: put this into ~/.config/fish/completions/hikyaku.fish\ncomplete -c hikyaku -f\n";
  const auto quoted = [&](const Words& words) {
    std::string text(call.say(words));
    for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) text.insert(at, "\\");
    return "'" + text + "'";
  };
  const auto offer = [&](std::string_view name, const Words& help) {
    const auto space = name.rfind(' ');
    const auto group = space == std::string_view::npos ? std::string_view{} : name.substr(0, space);
    const std::string when = group.empty() ? "__fish_use_subcommand" : "'__fish_seen_subcommand_from " + std::string(group.substr(group.rfind(' ') + 1)) + "'";
    out += "complete -c hikyaku -n " + when + " -a " + std::string(name.substr(name.rfind(' ') + 1)) + " -d " + quoted(help) + "\n";
  };
  for (const auto& group : all_groups()) offer(group.name, group.help);
  for (const auto& command : all_commands()) offer(command.name, command.help);
  return out;
}

Exit run(Invocation& call) {
  const std::string shell = call.value("SHELL");
  if (shell == "fish") call.print(fish_script(call));
  else if (shell == "zsh") call.print("autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script());
  else call.print(bash_script());
  return Exit::Done;
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .help = {"print the completion script of a shell", "シェルの補完スクリプトを出力する"},
          .options = {{"SHELL", OptionKind::Argument, {"bash, zsh or fish", "bash、zsh または fish"}, {"bash", "zsh", "fish"}, true}},
          .run = run,
          .more = {"For this session: eval \"$(hikyaku completion bash)\"", "今のシェルで使う: eval \"$(hikyaku completion bash)\""},
          .own_form = true};
}

}  // namespace hikyaku::cli
