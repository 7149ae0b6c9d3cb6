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
    {"{}: {} not in {}", "{1} に「{2}」は使えない。使えるのは {3}。"},
    {"The following argument was not expected: {}", "{1} というオプションや引数はない。"},
    {"The following arguments were not expected: {}", "次のオプションや引数はない: {1}"},
    {"Could not convert: {} = {}", "{1} に値「{2}」は使えない。"},
    {"The value {} is not an allowed value for {}", "{2} に値「{1}」は使えない。"},
    {"{}: too many inputs for a flag", "{1} に値は付けられない。"},
    {"{}: Should be true/false or a number", "{1} に付けられる値は true か false だけ。"},
    {"{} requires {}", "{1} には {2} も必要。"},
    {"{} excludes {}", "{1} と {2} は同時に指定できない。"},
};

}  // namespace

std::span<const SentenceRow> system_sentences() { return system_rows; }
std::span<const SentenceRow> parser_sentences() { return parser_rows; }

}  // namespace hikyaku::cli
