window.srbench.arrive({{ table.id|tojson }}, {{ table.rest|tojson }});
