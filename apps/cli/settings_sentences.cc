#include "apps/cli/settings_sentences.h"

namespace hikyaku::cli {
namespace {

constexpr SentenceRow rows[] = {
    {"{}: the settings file cannot be read: {}. Remedy: name another with --config, or write one: `hikyaku config describe` shows all settings.",
     "{1}: 設定ファイルを読めない: {2}。対処: --config で別のファイルを指定するか、新しく書く。全設定は `hikyaku config describe` で確認する。"},
    {"{}: the settings file cannot be read: {}. Remedy: name it with --config; `hikyaku config describe` prints every setting.",
     "{1}: 設定ファイルを読めない: {2}。対処: --config で指定する。全設定は `hikyaku config describe` で確認する。"},
    {"{}: the settings file cannot be read, or is larger than 1 MiB.", "{1}: 設定ファイルを読めないか、1 MiB を超えている。"},
    {"another server already runs with the data folder {}. Remedy: `hikyaku status` shows it.", "データフォルダ {1} では別のサーバがすでに動いている。`hikyaku status` で確認する。"},
    {"{}. Remedy: make the data folder writable for the user the services run as.", "{1}。対処: サービスの実行ユーザーがデータフォルダに書き込めるようにする。"},
    {"{}: not a TOML file: {}. Remedy: see https://toml.io; texts need quotes.", "{1}: TOML として読めない: {2}。対処: https://toml.io を参照。文字列は引用符で囲む。"},
    {"{}: there is no section [{}]. Remedy: {}", "{1}: [{2}] というセクションはない。対処: {3}"},
    {"{}: \"{}\" is a section. Remedy: write [{}] on a line of its own.", "{1}: 「{2}」はセクション。対処: [{3}] だけの行を書く。"},
    {"{}: there is no such profile. Remedy: {}", "{1}: そのようなプロファイルはない。対処: {2}"},
    {"{}: [{}] has no setting \"{}\". Remedy: {}", "{1}: [{2}] に「{3}」という設定はない。対処: {4}"},
    {"{}: [{}] {}: this value is not possible. Remedy: {}", "{1}: [{2}] {3}: この値は使えない。対処: {4}"},
    {"{}: [{}] {}: \"{}\" is no rate. Remedy: write \"account 300/1h\" or \"client 60/1m burst 200\".",
     "{1}: [{2}] {3}: 「{4}」は頻度の指定ではない。対処: \"account 300/1h\" や \"client 60/1m burst 200\" と書く。"},
    {"{}: [{}] {}: \"{}\" is no list of clients. Remedy: write its zone, \"bl.example\", or \"bl.example=127.0.0.2,127.0.0.8/29\".",
     "{1}: [{2}] {3}: 「{4}」はクライアントのリストではない。対処: ゾーン名 \"bl.example\"、または \"bl.example=127.0.0.2,127.0.0.8/29\" と書く。"},
    {"{}: [{}] {}: \"{}\" is not a network. Remedy: write an address, or address/bits like \"192.0.2.0/24\".",
     "{1}: [{2}] {3}: 「{4}」はネットワークではない。対処: アドレス、または \"192.0.2.0/24\" のようにアドレス/ビット数で書く。"},
    {"{}: [{}] {}: \"{}\" is no name of a policy. Remedy: write at most 20 letters, digits, \"-\", \"_\" or \".\", like \"MIXER\".",
     "{1}: [{2}] {3}: 「{4}」はポリシー名ではない。対処: 英数字、「-」、「_」、「.」を 20 文字まで(\"MIXER\" など)。"},
    {"{}: [{}] {}: \"{}\" is not an address with a port. Remedy: write \"192.0.2.1:25\", \"[2001:db8::1]:25\" or \"*:25\".",
     "{1}: [{2}] {3}: 「{4}」はポート付きのアドレスではない。対処: \"192.0.2.1:25\"、\"[2001:db8::1]:25\"、\"*:25\" のように書く。"},
    {"{}: [{}] {}: \"{}\" is no address. Remedy: write {}.", "{1}: [{2}] {3}: 「{4}」はアドレスではない。対処: {5} のように書く。"},
    {"{}: [{}] {}: \"{}\" is no rule whose mail can be kept. Remedy: write \"greylist\", \"s25r\" or \"reverse_name\".",
     "{1}: [{2}] {3}: 「{4}」は控えを預かれる規則ではない。対処: \"greylist\"、\"s25r\"、\"reverse_name\" のいずれかを書く。"},
    {"{}: [{}] {}: \"{}\" is no socket. Remedy: write \"/run/clamav/clamd.ctl\", or an address with a port like \"127.0.0.1:3310\".",
     "{1}: [{2}] {3}: 「{4}」はソケットではない。対処: \"/run/clamav/clamd.ctl\"、または \"127.0.0.1:3310\" のようにポート付きのアドレスを書く。"},
    {"{}: [{}] {}: \"{}\" is no absolute path. Remedy: write {}.", "{1}: [{2}] {3}: 「{4}」は絶対パスではない。対処: {5} のように書く。"},
    {"[abuse] country_database: {} cannot be opened: {}. Remedy: name a file that the user the services run as may read.",
     "[abuse] country_database: {1} を開けない: {2}。対処: サービスの実行ユーザーが読めるファイルを指定する。"},
    {"[abuse] country_database: {} is no database in MaxMind's format, or not all of one: {}. Remedy: fetch it again, and unpack it.",
     "[abuse] country_database: {1} は MaxMind 形式のデータベースではないか、途中で切れている({2})。対処: 取得し直し、展開して置く。"},
    {"[abuse] country_database: {} has no countries, it is of the type {}. Remedy: take one such as GeoLite2-Country.mmdb.",
     "[abuse] country_database: {1} に国の情報はない(種類は {2})。対処: GeoLite2-Country.mmdb のようなものを使う。"},
    {"{}: [{}] {}: certificate and key belong together. Remedy: set both, or neither.", "{1}: [{2}] {3}: 証明書と鍵は一組。対処: 両方を設定するか、どちらも設定しない。"},
    {"{}: [{}] {}: the data folder must be an absolute path. Remedy: write \"/var/lib/hikyaku\".", "{1}: [{2}] {3}: データフォルダは絶対パスでなければならない。対処: \"/var/lib/hikyaku\" のように書く。"},
    {"{}: [{}] {}: is shorter than retry_interval. Remedy: raise it.", "{1}: [{2}] {3}: retry_interval より短い。対処: 長くする。"},
    {"{}: [{}] {}: with fresh_share leaves less than 10 percent for whoever needs it. Remedy: lower one of them.",
     "{1}: [{2}] {3}: fresh_share と合わせると、必要な側に回せる分が 10 % を切る。対処: どちらかを下げる。"},
    {"{}: [delivery] {}: {}", "{1}: [delivery] {2}: {3}"},  // a row of a table
    {"a row has at most 1000 octets.", "1 行は 1000 バイトまで。"},
    {"a row begins with a domain, a host or \"via:HOST\": write \"*.example.jp unanswered period=48h\".", "行の最初はドメイン、ホスト、\"via:ホスト\" のいずれか。\"*.example.jp unanswered period=48h\" のように書く。"},
    {"\"{}\" is no class: write {}.", "「{1}」は失敗の種類ではない。使えるのは {2}。"},
    {"\"{}\" is no setting of a rule: write {}.", "「{1}」は規則の項目ではない。{2} のように書く。"},
    {"the row changes nothing: add {}.", "この行は何も変えない。{1} のいずれかを加える。"},
    {"\"{}\" is no limit: write \"192.0.2.7 20\", or \"default 100\" for mail whose row names no source.", "「{1}」は上限の指定ではない。\"192.0.2.7 20\"、または送信元の指定がない行のための \"default 100\" と書く。"},
    {"\"{}\" is no limit: write {} or {}.", "「{1}」は上限の指定ではない。{2} や {3} のように書く。"},
    {"did you mean \"{}\"?", "「{1}」の誤りと思われる。"},
    {"`hikyaku config describe` lists {}.", "`hikyaku config describe` で一覧できる。"},
    {"write true or false.", "true か false と書く。"},
    {"write a whole number.", "整数を書く。"},
    {"write a duration like {}.", "期間を \"90s\"、\"15m\"、\"8h\"、\"5d\" のように書く。"},
    {"write a size like {}.", "容量を 65536、\"64KiB\"、\"25MiB\"、\"2GiB\" のように書く。"},
    {"write a text in quotes.", "引用符で囲んだ文字列を書く。"},
    {"write a list of texts like {}.", "文字列の並びを [\"a\", \"b\"] のように書く。"},
    {"write a value from at most {}.", "{1} 以下の値を書く。"},
    {"write a value from {} or more.", "{1} 以上の値を書く。"},
    {"write a value from {} to {}.", "{1} から {2} までの値を書く。"},
    {"write one of {}.", "{1} のいずれかを書く。"},
};

}  // namespace

std::span<const SentenceRow> settings_sentences() { return rows; }

}  // namespace hikyaku::cli
