#include "apps/cli/language/library_sentences.h"

namespace hikyaku::cli {
namespace {

constexpr SentenceRow system_rows[] = {
    {"No such file or directory", "ファイルまたはフォルダがない"},
    {"Permission denied", "権限がない"},
    {"Operation not permitted", "許可されていない操作"},
    {"No space left on device", "ディスクに空きがない"},
    {"Disk quota exceeded", "ディスク割り当ての上限に達した"},
    {"Read-only file system", "読み取り専用のファイルシステム"},
    {"Is a directory", "フォルダである"},
    {"Not a directory", "フォルダではない"},
    {"File exists", "既にある"},
    {"Input/output error", "入出力エラー"},
    {"Too many open files", "開いているファイルが多すぎる"},
    {"Cannot allocate memory", "メモリが足りない"},
};

// The exact before the general.
constexpr SentenceRow parser_rows[] = {
    {"A subcommand is required", "コマンドが指定されていない。"},
    {"{} is required", "{1} を指定する必要がある。"},
    {"{}: 1 required {} missing", "{1} の値が指定されていない。"},
    {"{}: {} required {} missing", "{1} には値が {2} 個必要。"},
    {"{}: At least {} required but received {}", "{1} には値が {2} 個以上必要({3} 個指定された)。"},
    {"{}: At Most {} required but received {}", "{1} を指定できるのは {2} 回まで({3} 回指定された)。"},
    {"Expected exactly {} arguments to {}, got {}", "{2} には値がちょうど {1} 個必要({3} 個指定された)。"},
    {"Expected at least {} arguments to {}, got {}", "{2} には値が {1} 個以上必要({3} 個指定された)。"},
    {"{} was given a disallowed flag override", "{1} に値は付けられない。"},
    {"The following argument was not expected: {}", "余分な引数がある: {1}。"},
    {"The following arguments were not expected: {}", "余分な引数がある: {1}。"},
    {"Could not convert: {} = {}", "{1} に値「{2}」は使えない。"},
    {"The value {} is not an allowed value for {}", "{2} に値「{1}」は使えない。"},
    {"{}: too many inputs for a flag", "{1} に値は付けられない。"},
    {"{}: Should be true/false or a number", "{1} に付けられる値は true か false だけ。"},
    {"{} requires {}", "{1} には {2} も必要。"},
    {"{} excludes {}", "{1} と {2} は同時に指定できない。"},
};

// The same in words of ours.
constexpr SentenceRow parser_rows_in_english[] = {
    {"A subcommand is required", "no command is given."},
    {"{} is required", "{1} is missing."},
    {"{}: 1 required {} missing", "{1} has no value."},
    {"{}: {} required {} missing", "{1} needs {2} values."},
    {"{}: At least {} required but received {}", "{1} needs {2} values at least; {3} are given."},
    {"{}: At Most {} required but received {}", "{1} can be given {2} time; it is given {3} times."},
    {"Expected exactly {} arguments to {}, got {}", "{2} needs {1} values; {3} are given."},
    {"Expected at least {} arguments to {}, got {}", "{2} needs {1} values at least; {3} are given."},
    {"{} was given a disallowed flag override", "{1} takes no value."},
    {"The following argument was not expected: {}", "\"{1}\" is one word too many."},
    {"The following arguments were not expected: {}", "these words are too many: {1}."},
    {"Could not convert: {} = {}", "{1} does not take \"{2}\"."},
    {"The value {} is not an allowed value for {}", "{2} does not take \"{1}\"."},
    {"{}: too many inputs for a flag", "{1} takes no value."},
    {"{}: Should be true/false or a number", "{1} takes true or false alone."},
    {"{} requires {}", "{1} needs {2} as well."},
    {"{} excludes {}", "{1} and {2} exclude each other."},
};

}  // namespace

std::span<const SentenceRow> system_sentences() { return system_rows; }
std::span<const SentenceRow> parser_sentences(Language language) {
  if (language == Language::Japanese) return parser_rows;
  return parser_rows_in_english;
}

}  // namespace hikyaku::cli
