import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.apache.jena.query.*;
import org.apache.jena.rdf.model.*;
import org.apache.jena.riot.*;
import org.apache.jena.sparql.core.DynamicDatasets;
import org.apache.jena.system.Txn;
import org.apache.jena.update.UpdateAction;

/** Apache Jena behind the SPARQL Protocol and the Graph Store Protocol, for tests: it holds its graphs in memory. */
public class JenaServer {
  static final Dataset DATA = DatasetFactory.createTxnMem();

  static Map<String, List<String>> form(String text) throws Exception {
    Map<String, List<String>> found = new HashMap<>();
    for (String pair : text.isEmpty() ? new String[0] : text.split("&")) {
      String[] parts = pair.split("=", 2);
      found.computeIfAbsent(URLDecoder.decode(parts[0], "UTF-8"), key -> new ArrayList<>()).add(URLDecoder.decode(parts[1], "UTF-8"));
    }
    return found;
  }

  static void answer(HttpExchange exchange, int status, String type, byte[] body) throws Exception {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  interface Work { byte[] of(HttpExchange exchange, Map<String, List<String>> form, byte[] body) throws Exception; }

  static void serve(HttpServer server, String path, String type, Work work) {
    server.createContext(path, exchange -> {
      try {
        byte[] body;
        try (InputStream in = exchange.getRequestBody()) { body = in.readAllBytes(); }
        String query = exchange.getRequestURI().getRawQuery();
        boolean isForm = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type")).startsWith("application/x-www-form");
        Map<String, List<String>> given = form(isForm ? new String(body, StandardCharsets.UTF_8) : query == null ? "" : query);
        byte[] told = work.of(exchange, given, body);
        answer(exchange, told == null ? 404 : 200, type, told == null ? new byte[0] : told);
      } catch (Throwable error) {
        try { answer(exchange, error instanceof QueryException || error instanceof RiotException ? 400 : 500, "text/plain", String.valueOf(error).getBytes(StandardCharsets.UTF_8)); } catch (Exception closed) { exchange.close(); }
      }
    });
  }

  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    serve(server, "/ds/sparql", "application/sparql-results+json", (exchange, form, body) -> Txn.calculateRead(DATA, () -> {
      List<String> none = List.of(), asked = form.getOrDefault("default-graph-uri", none), named = form.getOrDefault("named-graph-uri", none);
      Dataset data = asked.isEmpty() && named.isEmpty() ? DATA : DynamicDatasets.dynamicDataset(org.apache.jena.sparql.core.DatasetDescription.create(asked, named), DATA, false);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (QueryExecution run = QueryExecutionFactory.create(form.get("query").get(0), data)) {
        if (run.getQuery().isConstructType()) RDFDataMgr.write(out, run.execConstruct(), Lang.NTRIPLES);
        else if (run.getQuery().isAskType()) ResultSetFormatter.outputAsJSON(out, run.execAsk());
        else ResultSetFormatter.outputAsJSON(out, run.execSelect());
      }
      return out.toByteArray();
    }));
    serve(server, "/ds/update", "text/plain", (exchange, form, body) -> {
      Txn.executeWrite(DATA, () -> UpdateAction.parseExecute(form.get("update").get(0), DATA));
      return new byte[0];
    });
    serve(server, "/ds/data", "application/n-triples", (exchange, form, body) -> {
      String graph = form.get("graph").get(0), method = exchange.getRequestMethod();
      if (method.equals("GET")) return Txn.calculateRead(DATA, () -> {
        if (!DATA.containsNamedModel(graph)) return null;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        RDFDataMgr.write(out, DATA.getNamedModel(graph), Lang.NTRIPLES);
        return out.toByteArray();
      });
      Txn.executeWrite(DATA, () -> {
        if (method.equals("PUT")) DATA.removeNamedModel(graph);
        RDFDataMgr.read(DATA.getNamedModel(graph), new java.io.ByteArrayInputStream(body), Lang.NTRIPLES);
      });
      return new byte[0];
    });
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.start();
    System.out.println(server.getAddress().getPort());
  }
}
