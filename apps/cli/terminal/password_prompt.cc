#include "apps/cli/terminal/password_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace hikyaku::cli {

namespace {

std::string ask_without_echo(std::string_view question) {
  std::fprintf(stderr, "%.*s", static_cast<int>(question.size()), question.data());
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  std::getline(std::cin, line);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputc('\n', stderr);
  return line;
}

}  // namespace

directory::DirectoryResult<std::string> wanted_password(const Invocation& call) {
  using directory::DirectoryFailure;
  std::string password;
  if (call.has("--password-stdin")) {
    std::getline(std::cin, password);
    if (password.ends_with('\r')) password.pop_back();
  } else if (isatty(STDIN_FILENO)) {
    password = ask_without_echo(call.say({"Password: ", "パスワード: "}));
    if (ask_without_echo(call.say({"Again: ", "もう一度: "})) != password)
      return directory::refuse(DirectoryFailure::BadValue, std::string(call.say({"the two passwords differ; nothing was changed.", "2 つのパスワードが違う。何も変更していない。"})));
  } else {
    return directory::refuse(DirectoryFailure::BadValue, std::string(call.say({"there is no terminal to ask for the password; use --password-stdin.",
                                                                              "端末がなくパスワードを尋ねられない。--password-stdin を使う。"})));
  }
  if (password.empty())
    return directory::refuse(DirectoryFailure::BadValue, std::string(call.say({"the password is empty; nothing was changed.", "パスワードが空。何も変更していない。"})));
  return password;
}

bool confirmed(const Invocation& call, const std::string& what) {
  if (!isatty(STDIN_FILENO)) return false;
  const std::string question = call.language == Language::Japanese ? what + " をメールごと削除する。よければ yes と入力: " : "Remove " + what + " with all its mail? Type yes: ";
  std::fprintf(stderr, "%s", question.c_str());
  std::string line;
  std::getline(std::cin, line);
  return line == "yes";
}

}  // namespace hikyaku::cli
