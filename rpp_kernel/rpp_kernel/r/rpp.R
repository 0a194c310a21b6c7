# What a researcher asks in an R notebook.
#
#   rpp_tables()                                      the tables of this project's cut
#   rpp_codebook("enrollment")                        what its columns mean
#   rpp_load("enrollment", "grade", years = 2018)     a data frame of just these
#   rpp_note("enrollment.grade", "Is 0 kindergarten?")  a question for the data manager
#   rpp_declare(result, n = 240, unit = "students", table = "enrollment")
#                                                     show a result, and say what is behind it
#
# R has no reader of the cut's files here: the workspace's own Python reads them and hands the columns over as plain numbers.

.rpp_ask <- function(what, asked, folder = tempfile("rpp-")) {
  dir.create(folder, showWarnings = FALSE)
  request <- jsonlite::toJSON(asked, auto_unbox = TRUE, null = "null", na = "null", digits = NA)
  writeLines(enc2utf8(request), file.path(folder, "request.json"), useBytes = TRUE)
  python <- Sys.getenv("RPP_PYTHON", "/opt/rpp/bin/python")
  said <- suppressWarnings(
    system2(python, c("-I", "-m", "rpp_kernel.for_r", what, shQuote(folder)), stdout = TRUE, stderr = TRUE)
  )
  path <- file.path(folder, "answer.json")
  if (!file.exists(path)) stop("The workspace's Python gave no answer: ", paste(tail(said, 3), collapse = " "), call. = FALSE)
  answer <- jsonlite::fromJSON(path, simplifyVector = TRUE, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
  if (!is.null(answer$error)) stop(answer$error, call. = FALSE)
  answer
}

.rpp_column <- function(told, folder, rows) {
  read <- function(what, size) readBin(file.path(folder, told$file), what, n = rows, size = size, endian = "little")
  switch(told$kind,
    integer = read("integer", 4),
    double = read("double", 8),
    logical = as.logical(read("integer", 4)),
    date = structure(read("double", 8), class = "Date"),
    time = structure(read("double", 8), class = c("POSIXct", "POSIXt"), tzone = "UTC"),
    text = as.character(unlist(told$levels))[read("integer", 4)],
    factor = structure(read("integer", 4), levels = as.character(unlist(told$levels)), class = "factor"),
    stop("A column of an unknown kind: ", told$kind, call. = FALSE)
  )
}

rpp_tables <- function() as.character(unlist(.rpp_ask("tables", list())$tables))

rpp_load <- function(table, columns = NULL, years = NULL) {
  folder <- tempfile("rpp-")
  on.exit(unlink(folder, recursive = TRUE))
  asked <- list(
    table = table,
    columns = if (is.null(columns)) NULL else as.list(as.character(columns)),
    years = if (is.null(years)) NULL else as.list(years)
  )
  answer <- .rpp_ask("load", asked, folder)
  read <- lapply(answer$columns, .rpp_column, folder = folder, rows = answer$rows)
  names(read) <- vapply(answer$columns, function(told) told$name, "")
  structure(read, class = "data.frame", row.names = .set_row_names(answer$rows))
}

rpp_codebook <- function(table = NULL) {
  answer <- .rpp_ask("codebook", list(table = table))
  read <- lapply(answer$values, function(values) as.character(unlist(values)))
  names(read) <- as.character(unlist(answer$names))
  as.data.frame(read, optional = TRUE)
}

rpp_note <- function(field, question) {
  answer <- .rpp_ask("note", list(field = field, question = question))
  data <- list(answer$words, answer$told)
  names(data) <- c("text/plain", answer$type)
  IRdisplay::publish_mimebundle(data)
  invisible(NULL)
}

# `n`: how many units are behind it all, or behind each cell (a vector, matrix or data frame). What is declared here is shown
# to the reviewer as your word: nobody has computed it.
rpp_declare <- function(object, n, unit = "students", table = NULL, years = NULL, filters = NULL,
                        degrees_of_freedom = NULL, note = NULL) {
  force(object)
  counts <- suppressWarnings(as.numeric(unlist(n, use.names = FALSE)))
  if (length(counts) == 0 || anyNA(counts) || any(counts < 0) || any(counts != floor(counts))) {
    stop("n is how many units are behind the output: whole numbers, for example rpp_declare(result, n = 240).", call. = FALSE)
  }
  unknown <- setdiff(table, rpp_tables())
  if (length(unknown) > 0) stop("There is no table ", paste(unknown, collapse = ", "), " in this cut: rpp_tables()", call. = FALSE)
  words <- function(given) if (is.null(given)) NULL else as.list(as.character(given))
  declared <- list(
    n = if (length(counts) == 1) counts else as.list(counts), unit = unit, tables = words(table), years = words(years),
    filters = words(filters), degrees_of_freedom = degrees_of_freedom, note = note
  )
  evidence <- list(
    version = 1L, shown = .rpp_shown(object), status = "unknown", source = "declared",
    why = "its author declared it, and no kernel computed it", declared = Filter(Negate(is.null), declared)
  )
  bundle <- IRdisplay::prepare_mimebundle(object)
  IRdisplay::publish_mimebundle(bundle$data, c(bundle$metadata, list(rpp_evidence = evidence)))
  invisible(object)
}

.rpp_shown <- function(object) {
  if (inherits(object, c("recordedplot", "ggplot", "gg", "trellis"))) return("figure")
  if (inherits(object, c("lm", "glm", "htest", "nls", "aov", "summary.lm"))) return("model")
  if (is.data.frame(object) || is.matrix(object) || is.table(object)) return("table")
  if (is.character(object)) "text" else "value"
}
